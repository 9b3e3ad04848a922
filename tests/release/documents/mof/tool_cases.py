"""What the framework's own tool expects of the 27 models it is tested with.

Facts out of LF AI & Data's model_openness_tool (Test_Data/expected_results.json), in short: terms
of the whole, components (by their number in the tool's list) with their own licence, the class and
the progress of classes I, II and III.
"""

from __future__ import annotations

from typing import NamedTuple

NAMES = (
    "Model architecture", "Data preprocessing code", "Training code", "Inference code",
    "Evaluation code", "Supporting libraries and tools", "Model parameters (Final)",
    "Model parameters (Intermediate)", "Datasets", "Evaluation data", "Model metadata",
    "Sample model outputs", "Model card", "Data card", "Technical report", "Research paper",
    "Evaluation results",
)  # fmt: skip


class ToolCase(NamedTuple):
    """One model of the tool's."""

    id: int
    terms: str  # "distribution=CC0-1.0 code=MIT"
    components: str  # "0=MIT 6 8": a number, and its own licence if it has one
    mof_class: int
    progress: tuple[float, float, float]


CASES = (
    ToolCase(1, "distribution=CC-BY-SA-4.0 data=CC0-1.0", "8 13 15", 0, (0, 0, 33.33333333333333)),
    ToolCase(2, "distribution=AFL-3.0 code=Apache-1.0 document=CC-BY-SA-4.0",
             "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14", 0, (0, 0, 83.33333333333334)),
    ToolCase(3, "document=CC0-1.0",
             "0=MIT 2=AFL-3.0 3=NCSA 4=ECL-1.0 5=Apache-2.0 6=CC-BY-3.0-NL 9=CC-BY-3.0-US "
             "12=CC-BY-SA-3.0 13=CC-BY-4.0 15=CC-BY-SA-3.0 16=CC-BY-4.0",
             2, (76.92307692307693, 100, 100)),
    ToolCase(4, "distribution=CDLA-Permissive-2.0 code=ECL-2.0 data=CC-BY-2.5-AU "
             "document=CC-BY-4.0",
             "0=zlib-acknowledgement 1=AFL-3.0 2=ECL-2.0 4=UPL-1.0 5=AFL-1.1 6=ODbL-1.0 7=Xfig "
             "8=CC-BY-2.0 9=CC-BY-SA-4.0 10=BSD-2-Clause 11=CC-BY-4.0 12=CC-BY-SA-3.0 13=SMLNJ "
             "14=CC0-1.0 16=CC-BY-SA-4.0", 0, (0, 0, 83.33333333333334)),
    ToolCase(5, "data=CDLA-Permissive-2.0",
             "0=Apache-2.0 2=ECL-1.0 3=AFL-1.1 4=MIT-0 5=UPL-1.0 6=CC-BY-3.0-DE 9=ODC-By-1.0 "
             "12=CC0-1.0 13=CC-BY-SA-4.0 14=CC0-1.0 16=CC-BY-SA-4.0",
             2, (71.42857142857143, 100, 100)),
    ToolCase(6, "",
             "1=HPND-sell-MIT-disclaimer-xserver 2=YPL-1.0 3=AGPL-1.0-or-later 5=0BSD "
             "9=OGL-UK-1.0 11=TTYP0 13=CC-BY-SA-4.0 15=CC-BY-4.0 16=CC-BY-SA-4.0", 0, (0, 0, 50)),
    ToolCase(7, "distribution=CC-BY-SA-3.0 code=AFL-1.1", "4=Motosoto 10=xinetd 15=IPL-1.0",
             0, (0, 0, 16.666666666666664)),
    ToolCase(8, "distribution=MIT document=CC-BY-4.0",
             "1=OGDL-Taiwan-1.0 2=Sun-PPP-2000 5=GFDL-1.3-invariants-or-later 9=CC-BY-SA-3.0 "
             "10=HPND-UC 15=TORQUE-1.1", 0, (0, 0, 0)),
    ToolCase(9, "data=CC-BY-SA-2.0-UK",
             "0=MIT-0 6=CC-BY-2.0 12=CC-BY-4.0 13=CC-BY-SA-4.0 14=CC-BY-4.0 16=CC0-1.0",
             3, (0, 60, 100)),
    ToolCase(10, "", "0 1 2 3 4 5 6 7 8 9 10 11 13 14 15 16", 0, (0, 0, 0)),
    ToolCase(11, "code=0BSD document=CC0-1.0",
             "0=CC-BY-NC-2.5 1=MIT 4=NCSA 6=CC-BY-SA-3.0-AT 7=CC-BY-SA-3.0 9=CC-PDDC 10=GFDL-1.3 "
             "11=ADSL 13=BSD-4.3TAHOE 14=Net-SNMP 16=Soundex", 0, (0, 0, 16.666666666666664)),
    ToolCase(12, "code=NCSA data=CC-BY-SA-4.0", "0 1 2 3 4 6 7 11 13 16",
             0, (0, 0, 33.33333333333333)),
    ToolCase(13, "", "0 2 3 4 5 6 9 11 12 13 14 15", 0, (0, 0, 0)),
    ToolCase(14, "", "8", 0, (0, 0, 0)),
    ToolCase(15, "document=CC-BY-SA-4.0",
             "0=Apache-1.0 6=ODbL-1.0 12=CC-BY-4.0 13=CC0-1.0 15=CC-BY-4.0 16=CC0-1.0",
             3, (0, 60, 100)),
    ToolCase(16, "", "1 12 14", 0, (0, 0, 0)),
    ToolCase(17, "distribution=Apache-1.0 code=UPL-1.0",
             "0=AFL-1.2 1=AFL-2.1 2=ISC 3=AFL-1.1 4=AFL-3.0 5=AFL-2.1 6=CC-BY-SA-4.0 "
             "7=CC-BY-3.0-US 8=CC-BY-3.0-NL 9=CC-BY-3.0-NL 11=CC0-1.0 12=CC-BY-SA-3.0 13=CC0-1.0 "
             "15=CC-BY-4.0 16=CC-BY-4.0", 1, (100, 100, 100)),
    ToolCase(18, "",
             "1=FSFAP 6=OLDAP-1.1 10=CC-BY-4.0 12=SGP4 13=HPND-doc-sell 15=NLOD-1.0 "
             "16=ssh-keyscan", 0, (0, 0, 0)),
    ToolCase(19, "", "4 9 10 12 15 16", 0, (0, 0, 0)),
    ToolCase(20, "distribution=AFL-1.2 code=AFL-2.1 data=CC-BY-2.5 document=CC0-1.0",
             "0=AFL-3.0 1=ECL-1.0 2=AFL-3.0 3=AFL-2.0 4=MIT 5=AFL-1.2 6=CDLA-Sharing-1.0 7=CC0-1.0 "
             "8=ODC-By-1.0 9=CC-BY-SA-1.0 10=ODbL-1.0 11=CC-BY-SA-3.0 12=CC0-1.0 13=CC-BY-4.0 "
             "14=CC-BY-SA-3.0 15=CC-BY-4.0 16=CC0-1.0", 1, (100, 100, 100)),
    ToolCase(21, "",
             "0=ulem 1=LZMA-SDK-9.11-to-9.20 3=Sendmail-8.23 4=Apache-2.0 6=StandardML-NJ "
             "7=CDLA-Sharing-1.0 8=CC-BY-2.5 9=CC-BY-3.0-DE 10=xlock 11=MITNFA 12=CC0-1.0 "
             "13=CC-BY-4.0 14=Sun-PPP 15=Community-Spec-1.0 16=Glulxe", 0, (0, 0, 50)),
    ToolCase(22, "",
             "0=MIT 1=OPUBL-1.0 7=AFL-2.0 8=CC-BY-SA-1.0 9=HPND-sell-variant-MIT-disclaimer-rev "
             "10=softSurfer 11=Borceux 12=SISSL-1.2 13=CC-BY-ND-3.0 14=CC-BY-3.0-AU "
             "16=libpng-2.0", 0, (0, 0, 33.33333333333333)),
    ToolCase(23, "", "1 3 6 7 8 10 11 13 15", 0, (0, 0, 0)),
    ToolCase(24, "document=CC-BY-SA-4.0", "3 4 5 6 9 10 11 15", 0, (0, 0, 16.666666666666664)),
    ToolCase(25, "",
             "0=MulanPSL-2.0 2=AML-glslang 3=cve-tou 5=CNRI-Python-GPL-Compatible "
             "7=CC-BY-NC-SA-1.0 12=CC-BY-SA-3.0 15=CNRI-Jython 16=CC-BY-NC-ND-3.0",
             0, (0, 0, 33.33333333333333)),
    ToolCase(26, "distribution=CC-BY-SA-4.0 document=CC0-1.0",
             "0=BSD-3-Clause-Clear 2=MPL-1.1 4=softSurfer 6=CC-BY-SA-2.0-UK 9=CC-BY-2.0 "
             "14=BSD-3-Clause-Attribution 15=CDLA-Permissive-1.0", 0, (0, 0, 50)),
    ToolCase(27, "distribution=MulanPSL-2.0 code=ECL-1.0 data=ODC-By-1.0 document=CC-BY-SA-3.0",
             "1 3 8 9 12", 0, (0, 0, 16.666666666666664)),
)  # fmt: skip
