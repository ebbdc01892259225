// Command decant is decant's seat among the peers: it makes the points that all engines read, and answers the runner's queries from a store of its own.
//
//	decant make -data walk -series 50 -points 1000000 DIR   makes DIR's columns and a store of the same points
//	decant load DIR                                         makes a store of the columns that DIR has
//	decant serve DIR                                        answers queries, a line each, until standard input ends
//	decant files DIR                                        prints files, a line each
//	decant excelize DIR                                     the same by excelize
//
// DIR holds the columns series.i32, time.i64 (ns), value.f64 and, where the runner says when points were received, received.i64 (ns), little-endian, sorted by series, then time,
// and the store in store/.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"decant/bench"
)

const usage = "use: decant make [-data walk] [-series 50] [-points 1000000] DIR | decant load DIR | decant serve|files|excelize [-cores 2] DIR"

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "decant:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("no command; %s", usage)
	}
	var d bench.Dataset
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.StringVar(&d.Data, "data", bench.DataWalk, "the kind of points")
	flags.IntVar(&d.Series, "series", 50, "how many series")
	flags.IntVar(&d.Samples, "points", 1_000_000, "points of each series")
	cores := flags.Int("cores", 2, "how many cores serve, files and excelize use")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("%d folders named, one is wanted; %s", flags.NArg(), usage)
	}
	dir := flags.Arg(0)
	switch args[0] {
	case "make":
		if err := makeColumns(dir, d); err != nil {
			return err
		}
		return load(ctx, dir)
	case "load":
		return load(ctx, dir)
	case "serve":
		return serve(ctx, dir, *cores, os.Stdin, os.Stdout)
	case "files":
		return serveFiles(ctx, dir, *cores, os.Stdin, os.Stdout)
	case "excelize":
		return serveExcelize(dir, *cores, os.Stdin, os.Stdout)
	}
	return fmt.Errorf("unknown command %q; %s", args[0], usage)
}
