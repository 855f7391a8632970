"""What operators and the sweeper look at: health, figures, and work that is due."""
