"""What a browser or a program asks for: pages, staff forms, the API, feeds."""
