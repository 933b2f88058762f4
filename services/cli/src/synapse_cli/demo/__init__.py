"""The demo: the platform's main job on one machine, every step checked, ending in a table and an HTML report."""
