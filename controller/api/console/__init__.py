"""The console: what operators and customers see of calls, texts and post-backs in a browser, and change there."""
