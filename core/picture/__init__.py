"""The current picture of each patient: the newest values of each assay, of whatever tier, in one compact hot row.
Pages that show what is newest read it and no archive. Whoever writes, changes or removes an observation calls
`upkeep.refresh` in the same transaction; whoever keeps a visit apart, `upkeep.refresh_all`.

May import models, stores, engines and settings.
"""
