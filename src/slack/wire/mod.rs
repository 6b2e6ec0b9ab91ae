//! The wire to and from Slack.
