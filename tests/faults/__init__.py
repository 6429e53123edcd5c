"""The fault campaign. A package, so that pytest ends the deployment it shares when its last test is done."""
