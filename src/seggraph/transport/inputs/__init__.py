"""What requests bring with them: large bodies, and the rows of bulk inputs."""
