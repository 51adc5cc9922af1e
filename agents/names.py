"""Names that agents, models and kinds of runs go by wherever they are stored."""

DEFAULT_AGENT = "default"
# The default agent's name among models.
MODEL = "whorl"
# The agent that runs of a model asked directly are recorded under.
DIRECT = "model"
# Of runs that nobody asked for: they are in no list and no dataset.
SHADOW_TAG = "shadow"
# Of runs that another system recorded, with when they were there.
IMPORTED_TAG = "imported"
# Of runs that no quota counts: evaluations, shadows; those of other programs have a tag of their own.
UNMETERED_TAG = "unmetered"
# Of runs of other programs, whose spans were sent here.
CAPTURED_TAG = "captured"
