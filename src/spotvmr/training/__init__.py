"""Training with Lightning: module, data, callbacks. The only room of the main job that imports lightning."""
