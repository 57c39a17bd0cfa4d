"""What both faces and the back end share: the kernel, which needs no framework, and the faces' common looks."""
