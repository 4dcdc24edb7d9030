// Benthos with its parts for HTTP and Redis. Its own command has all parts, for some hundred other systems.
package main

import (
	"context"

	_ "github.com/benthosdev/benthos/v4/public/components/crypto"
	_ "github.com/benthosdev/benthos/v4/public/components/io"
	_ "github.com/benthosdev/benthos/v4/public/components/pure"
	_ "github.com/benthosdev/benthos/v4/public/components/redis"
	"github.com/benthosdev/benthos/v4/public/service"
)

func main() {
	service.RunCLI(context.Background())
}
