"""Pages as PDF: sheets of paper that say on each page whose they are."""
