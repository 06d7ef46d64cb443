"""The pages of a member's calendar.

`dashboard` what lies ahead · `calendar` month, day, agenda, search · `events` the page of an event · `changing`, `deleting`
its form and what comes before and after · `versions` what is there no more · `connection` what it is synced with.
"""
