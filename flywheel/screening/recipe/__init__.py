"""The training of the injection classifier: texts generated here, no collection of attacks is read."""
