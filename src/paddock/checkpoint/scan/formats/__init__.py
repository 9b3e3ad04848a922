"""Checks of bytes: what makes a file dangerous whatever it says.

refusals       a reader's refusal as a reason
weights        each weight format's own validator
gguf_numbers   counts, sizes and ids that loaders of GGUF believe
shards         several weight files against their index
pickles        what a pickle asks for
pickle_values  how large and deep its values would be
hidden_pickles  pickles in files of other types
arrays         NumPy files
programs       executables, scripts, and what git would run
keras          Keras' and HDF5's models
onnx           ONNX graphs
tensorflow     TensorFlow's graphs
documents      images and PDF
polyglots      files of two types, and names that promise another
recognised     types with nothing more to find out
"""
