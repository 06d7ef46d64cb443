"""`make bench`: what moving a calendar costs, beside the obvious ways to do it and beside the least that can be done."""
