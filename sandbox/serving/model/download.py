"""Brings a model from where the registry says it is into a folder, as KServe's storage initializer does."""

import sys

from kserve_storage import Storage

source, folder = sys.argv[1:]
Storage.download(source, folder)
