"""Turn a GGUF file into the folder of a Transformers model: `python gguf_to_transformers.py FILE FOLDER`.

Transformers reads the file and takes its quantisation back, so what is trained on is the quantised model.
Needs `pip install 'ptool[train]' gguf`; nothing is downloaded.
"""

import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"


def main() -> int:
    """Convert; 2 where the arguments are wrong."""
    if len(sys.argv) != 3 or not Path(sys.argv[1]).is_file():
        print("usage: gguf_to_transformers.py FILE.gguf FOLDER", file=sys.stderr)
        return 2
    import transformers
    from transformers import AutoModelForCausalLM, AutoTokenizer

    file, folder = Path(sys.argv[1]).absolute(), sys.argv[2]
    where, name = str(file.parent), file.name
    tokenizer = AutoTokenizer.from_pretrained(where, gguf_file=name, local_files_only=True)
    plain = {}
    if hasattr(transformers, "GgufConfig"):  # newer releases keep the quantisation unless they are told
        plain = {"quantization_config": transformers.GgufConfig(dequantize=True)}
    model = AutoModelForCausalLM.from_pretrained(where, gguf_file=name, local_files_only=True, **plain)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    print(f"{folder}: chat template {'kept' if tokenizer.chat_template else 'missing'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
