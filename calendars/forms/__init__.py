"""The form of an event: `event` what it says and when · `repeat` how it repeats · `choices` what is offered to choose from."""
