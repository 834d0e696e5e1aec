"""Pages: the reader's (unsubscribe, view in browser), the editor's desk, the demo's inbox."""
