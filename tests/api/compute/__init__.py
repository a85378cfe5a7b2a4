"Tests of compute."
