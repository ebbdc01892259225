// Package wal is the store's log: one sync group is one frame.
package wal
