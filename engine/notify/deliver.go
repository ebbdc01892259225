package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"decant/engine/export/request"
	"decant/engine/job"
)

// deliver makes one try to send a message of a job.
func (n *Notifier) deliver(ctx context.Context, s *sender, j job.Job, r *request.Request, m request.Message, id string) error {
	link := n.link(s, j, m.Policy)
	l := letter{id: id, at: time.Unix(0, endOf(j)).UTC(), target: m.Target, title: m.Title, text: m.Text, values: valuesOf(j, r, m.Policy, link)}
	if m.Attach && m.Policy == "onSuccess" {
		file, why := n.attachment(s, j)
		if file != nil {
			defer file.Close()
		}
		l.file = file
		if file == nil {
			l.note = linkNote(why, link)
		}
	}
	send := media[m.Medium].send
	err := send(ctx, s, l)
	var f *failure
	if l.file != nil && errors.As(err, &f) && f.tooLarge {
		l.note = linkNote(fmt.Sprintf("The file (%s) is too large for %s.", bytesText(l.file.size), m.Medium), link)
		l.file = nil
		err = send(ctx, s, l)
	}
	return err
}

// link is the address of a job's file, or where it has several of the zip of all; "" where there is none (any more).
func (n *Notifier) link(s *sender, j job.Job, policy string) string {
	if policy != "onSuccess" || j.Status != job.Done || j.Folder == "" || len(files(j)) == 0 {
		return ""
	}
	now := n.d.Clock()
	expires := now + int64(s.LinkTTL)
	if j.ExpiresAt != nil {
		if *j.ExpiresAt <= now {
			return ""
		}
		expires = min(expires, *j.ExpiresAt)
	}
	return n.d.Link(j, oneFile(j), expires)
}

// oneFile is the name of the file of a job that has one, else "", which is the zip.
func oneFile(j job.Job) string {
	if all := files(j); len(all) == 1 {
		return all[0].File
	}
	return ""
}

// attachment opens what is to go with a message, or says why it can't.
func (n *Notifier) attachment(s *sender, j job.Job) (*attachment, string) {
	all := files(j)
	if j.Status != job.Done || j.Folder == "" || len(all) == 0 {
		return nil, "The file is no longer kept."
	}
	name, mediaType := j.ExportID+".zip", "application/zip"
	if len(all) == 1 {
		name, mediaType = all[0].File, all[0].MediaType
	}
	f, err := n.d.Open(j, oneFile(j))
	if err != nil {
		n.d.Log.Warn("open the file of a notification", "job", j.ID, "error", err)
		return nil, "The file can't be read."
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		n.d.Log.Warn("open the file of a notification", "job", j.ID, "error", err)
		return nil, "The file can't be read."
	}
	if info.Size() > s.AttachLimit {
		_ = f.Close()
		return nil, fmt.Sprintf("The file (%s) is larger than what may be attached (%s).", bytesText(info.Size()), bytesText(s.AttachLimit))
	}
	return &attachment{File: f, name: clean(name), mediaType: mediaType, size: info.Size()}, ""
}

func linkNote(why, link string) []piece {
	if link == "" {
		return []piece{{why, false}}
	}
	return []piece{{why + " It can be downloaded here: ", false}, {link, true}}
}

func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}
