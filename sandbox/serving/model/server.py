"""KServe's model server over one small language model: token ids in, the likeliest next token ids out."""

import argparse

import numpy as np
from kserve import Model, ModelServer, model_server
from kserve.errors import InvalidInput
from kserve.utils.utils import get_predict_input, get_predict_response

from llama import Llama

NEXT_TOKENS = 8


class LlamaModel(Model):
    """Answers v1 `instances` and v2 inputs: a row a prompt, all of one length."""

    def __init__(self, name, folder):
        super().__init__(name)
        self.folder = folder
        self.llama = None

    def load(self):
        self.llama = Llama(self.folder)
        self.llama.generate([0], 1)
        self.ready = True
        return self.ready

    def preprocess(self, payload, headers=None):
        """Refuses what is no prompt before it counts as a prediction: that is the client's error."""
        try:
            prompts = np.asarray(get_predict_input(payload))
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise InvalidInput(f"no prompts: {error}") from error
        if prompts.ndim != 2 or prompts.size == 0 or not np.issubdtype(prompts.dtype, np.integer):
            raise InvalidInput("prompts must be rows of token ids, all of one length and not empty")
        if prompts.shape[1] > self.llama.context:
            raise InvalidInput(f"prompts must have at most {self.llama.context} tokens")
        if prompts.min() < 0 or prompts.max() >= self.llama.vocabulary:
            raise InvalidInput(f"token ids must be 0 to {self.llama.vocabulary - 1}")
        return payload

    def predict(self, payload, headers=None, response_headers=None):
        prompts = np.asarray(get_predict_input(payload))
        answers = [self.llama.generate(prompt.tolist(), NEXT_TOKENS) for prompt in prompts]
        return get_predict_response(payload, np.asarray(answers, dtype=np.int64), self.name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(parents=[model_server.parser])
    parser.add_argument("--model_dir", required=True, help="folder of config.json and safetensors files")
    arguments, _ = parser.parse_known_args()
    model = LlamaModel(arguments.model_name, arguments.model_dir)
    model.load()
    ModelServer().start([model])
