"""The synthetic campaign app: who signed up, whom they know, what they did, and the exports that would arrive of it.

Everything here is drawn from the people of ``groundgame.synth.state``; the files that the app's people appear in are never read by it.
"""
