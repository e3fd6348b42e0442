"""``bc-pipeline check``: would the next run of a tenant work?"""
