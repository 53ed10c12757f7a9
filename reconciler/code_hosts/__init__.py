"""The comment on a pull or merge request: GitHub, GitLab and Bitbucket behind one meaning."""
