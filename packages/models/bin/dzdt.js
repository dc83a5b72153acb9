#!/usr/bin/env node
// Exists before the build does, so that npm can link the command when it installs the workspace.
await import("../dist/cli.js");
