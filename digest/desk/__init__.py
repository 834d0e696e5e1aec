"""The editors' desk: what an edition is before it goes, who may change it, and every verb once, for pages and commands alike."""
