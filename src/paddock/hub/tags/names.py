"""Tags that have a type without saying so, and what they are called: tasks, libraries, languages.

A table and a question. A model's tag `en` is a language and `transformers` a library only because
they stand here; a dataset's tags say their type before a colon.
"""

from __future__ import annotations

from typing import NamedTuple

from paddock.hub.types import Kind

_TASKS = """
any-to-any audio-classification audio-text-to-text audio-to-audio automatic-speech-recognition
conversational depth-estimation document-question-answering feature-extraction fill-mask graph-ml
image-classification image-feature-extraction image-segmentation image-text-to-text image-to-3d
image-to-image image-to-text image-to-video keypoint-detection mask-generation
multiple-choice object-detection question-answering reinforcement-learning robotics
sentence-similarity summarization table-question-answering table-to-text tabular-classification
tabular-regression tabular-to-text text-classification text-generation text-ranking text-retrieval
text-to-3d text-to-audio text-to-image text-to-speech text-to-video text2text-generation
time-series-forecasting token-classification translation unconditional-image-generation
video-classification video-text-to-text video-to-video visual-document-retrieval
visual-question-answering voice-activity-detection zero-shot-classification
zero-shot-image-classification zero-shot-object-detection
"""
_LIBRARIES = """
adapter-transformers=Adapters allennlp=AllenNLP asteroid=Asteroid bertopic=BERTopic coreml=CoreML
datasets=Datasets diffusers=Diffusers espnet=ESPnet fairseq=fairseq fastai=fastai fasttext=fastText
flair=Flair flax=Flax gguf=GGUF gliner=GLiNER jax=JAX joblib=Joblib k2=k2 keras=Keras
keras-hub=KerasHub litert=LiteRT llamafile=llamafile mlx=MLX mlx-lm=MLX-LM nemo=NeMo
open_clip=OpenCLIP onnx=ONNX openvino=OpenVINO paddlenlp=PaddleNLP paddleocr=PaddleOCR
paddlepaddle=PaddlePaddle peft=PEFT polars=Polars pandas=pandas pyannote-audio=pyannote.audio
pytorch=PyTorch rust=Rust safetensors=Safetensors sample-factory=sample-factory
sentence-transformers=sentence-transformers setfit=setfit sklearn=Scikit-learn spacy=spaCy
span-marker=SpanMarker speechbrain=speechbrain stable-baselines3=stable-baselines3 stanza=Stanza
tensorboard=TensorBoard tf=TensorFlow tf-keras=TF-Keras tflite=TFLite timm=timm
transformers=Transformers transformers.js=Transformers.js trl=TRL unity-sentis=unity-sentis
unsloth=Unsloth vllm=vLLM webdataset=WebDataset
"""
_LANGUAGES = """
aa Afar|ab Abkhazian|ae Avestan|af Afrikaans|ak Akan|am Amharic|an Aragonese|ar Arabic|as Assamese
av Avaric|ay Aymara|az Azerbaijani|ba Bashkir|be Belarusian|bg Bulgarian|bh Bihari|bi Bislama
bm Bambara|bn Bengali|bo Tibetan|br Breton|bs Bosnian|ca Catalan|ce Chechen|ch Chamorro|co Corsican
cr Cree|cs Czech|cu Church Slavic|cv Chuvash|cy Welsh|da Danish|de German|dv Divehi|dz Dzongkha
ee Ewe|el Greek|en English|eo Esperanto|es Spanish|et Estonian|eu Basque|fa Persian|ff Fulah
fi Finnish|fj Fijian|fo Faroese|fr French|fy Western Frisian|ga Irish|gd Scottish Gaelic|gl Galician
gn Guarani|gu Gujarati|gv Manx|ha Hausa|he Hebrew|hi Hindi|ho Hiri Motu|hr Croatian|ht Haitian
hu Hungarian|hy Armenian|hz Herero|ia Interlingua|id Indonesian|ie Interlingue|ig Igbo
ii Sichuan Yi|ik Inupiaq|io Ido|is Icelandic|it Italian|iu Inuktitut|ja Japanese|jv Javanese
ka Georgian|kg Kongo|ki Kikuyu|kj Kuanyama|kk Kazakh|kl Kalaallisut|km Khmer|kn Kannada|ko Korean
kr Kanuri|ks Kashmiri|ku Kurdish|kv Komi|kw Cornish|ky Kirghiz|la Latin|lb Luxembourgish|lg Ganda
li Limburgan|ln Lingala|lo Lao|lt Lithuanian|lu Luba-Katanga|lv Latvian|mg Malagasy|mh Marshallese
mi Maori|mk Macedonian|ml Malayalam|mn Mongolian|mr Marathi|ms Malay|mt Maltese|my Burmese|na Nauru
nb Norwegian Bokmål|nd North Ndebele|ne Nepali|ng Ndonga|nl Dutch|nn Norwegian Nynorsk|no Norwegian
nr South Ndebele|nv Navajo|ny Chichewa|oc Occitan|oj Ojibwa|om Oromo|or Odia|os Ossetian|pa Panjabi
pi Pali|pl Polish|ps Pushto|pt Portuguese|qu Quechua|rm Romansh|rn Rundi|ro Romanian|ru Russian
rw Kinyarwanda|sa Sanskrit|sc Sardinian|sd Sindhi|se Northern Sami|sg Sango|sh Serbo-Croatian
si Sinhala|sk Slovak|sl Slovenian|sm Samoan|sn Shona|so Somali|sq Albanian|sr Serbian|ss Swati
st Southern Sotho|su Sundanese|sv Swedish|sw Swahili|ta Tamil|te Telugu|tg Tajik|th Thai|ti Tigrinya
tk Turkmen|tl Tagalog|tn Tswana|to Tonga|tr Turkish|ts Tsonga|tt Tatar|tw Twi|ty Tahitian|ug Uighur
uk Ukrainian|ur Urdu|uz Uzbek|ve Venda|vi Vietnamese|vo Volapük|wa Walloon|wo Wolof|xh Xhosa
yi Yiddish|yo Yoruba|za Zhuang|zh Chinese|zu Zulu|multilingual Multilingual|code Code
"""

TASKS = {task: task.replace("-", " ").title() for task in _TASKS.split()}
LIBRARIES = dict(entry.split("=") for entry in _LIBRARIES.split())
LANGUAGES = {
    entry.partition(" ")[0]: entry.partition(" ")[2]
    for entry in _LANGUAGES.strip().replace("\n", "|").split("|")
}

# The types there are, each with a list in an answer even where no tag has it.
TYPES: dict[Kind, tuple[str, ...]] = {
    Kind.MODEL: (
        "pipeline_tag", "library", "dataset", "language", "license", "region", "other",
    ),
    Kind.DATASET: (
        "task_categories", "task_ids", "size_categories", "language", "license", "multilinguality",
        "annotations_creators", "language_creators", "source_datasets", "format", "modality",
        "library", "benchmark", "region", "other",
    ),
    Kind.SPACE: ("sdk", "license", "region", "other"),
    Kind.KERNEL: ("license", "region", "other"),
}  # fmt: skip
# Tags that name one thing each: no categories, and as many as there are papers and models.
NAMES_OF_ONE = ("arxiv", "base_model", "doi")
_SDKS = {"gradio": "Gradio", "streamlit": "Streamlit", "docker": "Docker", "static": "Static"}


class NamedTag(NamedTuple):
    """A tag's type, and how it is shown."""

    type: str
    label: str


def name_tag(kind: Kind, tag: str) -> NamedTag | None:
    """What a tag of this kind of repository is; None for one that is no category."""
    before, colon, after = tag.partition(":")
    if colon and before in NAMES_OF_ONE:
        return None
    if colon and after and before in TYPES[kind]:
        tables = {"language": LANGUAGES, "library": LIBRARIES, "task_categories": TASKS}
        return NamedTag(before, tables.get(before, {}).get(after, after))
    for type_, table in _unsaid(kind):
        if tag in table:
            return NamedTag(type_, table[tag])
    return NamedTag("other", tag)


def _unsaid(kind: Kind) -> tuple[tuple[str, dict[str, str]], ...]:
    if kind is Kind.MODEL:
        return (("pipeline_tag", TASKS), ("library", LIBRARIES), ("language", LANGUAGES))
    return (("sdk", _SDKS),) if kind is Kind.SPACE else ()
