"""Line types: whether a number is mobile, landline, VoIP or toll-free, who says so, and since when."""
