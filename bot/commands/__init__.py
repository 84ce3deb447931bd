"""The commands of `suiyao`, one file each; whatever is heavy is imported only where it is used."""
