"""Publication: readers see one run or another, never a mixture, never nothing. Only this room writes what consumers open."""
