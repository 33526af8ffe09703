-- Where customers want the post-backs of their texts.
SELECT license_key, number, kind, enabled, url FROM postback_urls
