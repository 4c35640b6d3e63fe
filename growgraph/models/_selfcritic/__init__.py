"""What makes up a SelfCriticNet beside the learner it shares with ResoNet."""
