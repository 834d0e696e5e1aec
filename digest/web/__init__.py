"""Web pages: the reader pages (unsubscribe, view in browser), the editor's preview, the demo's inbox."""
