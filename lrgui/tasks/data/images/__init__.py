"""Images: torchvision's data sets, downloaded or in place, and folders of one's own."""
