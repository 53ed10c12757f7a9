"""The comment on a pull or merge request: GitHub, GitLab, Bitbucket, Azure Repos, one meaning."""
