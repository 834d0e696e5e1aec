"""What an edition is, and what may hold it: the parts that `publish.py` puts in order.

`edition_calendar` (which editions exist, and their windows); `pipeline` (what a run needs, who watches it, what a person has
permitted); `guards` (what holds an edition until somebody has looked); `size_limit`; `send` (stages 4 and 5, once); `report`;
`sent_log` (what was made and sent, written down beside the database).
"""
