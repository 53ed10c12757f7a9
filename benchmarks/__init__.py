"""What is measured, side by side: ratios taken in one run, on one machine, interleaved."""
