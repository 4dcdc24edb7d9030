//go:build tools

// Names the command that is built from this module's pinned requirements.
package tools

import _ "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"
