"""The parts that `publish.py` puts in order: what an edition is, and what may hold it.

`edition_calendar` (which editions exist, and their windows); `pipeline` (what a run needs, who watches it, what a person has
permitted); `guards` (what holds an edition until a person has looked); `size_limit`; `send` (one pass of stages 4 and 5);
`report`; `sent_log` (what was made and sent, recorded outside the database).
"""
