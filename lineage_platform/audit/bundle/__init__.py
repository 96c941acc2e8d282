"""The evidence of a release in one file, which anyone can check without our database (docs/bundle.md).

data = make_bundle(catalog, store, "demo/release@8f3edf3f657a2edc", public_key)
verify_bundle(data).ok
"""
