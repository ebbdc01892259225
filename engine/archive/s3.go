package archive

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"
)

// sendBytes is the size of a piece of an upload: larger files are sent in several, each with its checksum.
const sendBytes = 32 << 20

// bucket is an archive under a prefix of an S3 bucket. The client tries again by itself, with growing pauses, what the server could not do just then.
type bucket struct {
	client *minio.Client
	core   minio.Core
	name   string
	prefix string // "" or with a slash at its end
	from   string // the endpoint, for errors
	piece  int64  // sendBytes, or less in tests
}

// openS3 makes the client for an URL such as s3://bucket/prefix. env has what other tools of S3 go by: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION,
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE with its files, AWS_EC2_METADATA_DISABLED, AWS_CA_BUNDLE.
func openS3(to string, env func(string) string) (*bucket, error) {
	wrong := func(format string, args ...any) error {
		return &kindError{kind: ErrAccess, text: fmt.Sprintf(format, args...)}
	}
	name, prefix, _ := strings.Cut(strings.TrimPrefix(to, "s3://"), "/")
	if name == "" {
		return nil, wrong("%q names no bucket; allowed is s3://bucket/prefix", to)
	}
	region := cmp.Or(env("AWS_REGION"), env("AWS_DEFAULT_REGION"))
	endpoint := cmp.Or(env("AWS_ENDPOINT_URL_S3"), env("AWS_ENDPOINT_URL"))
	lookup := minio.BucketLookupPath
	if endpoint == "" {
		endpoint, lookup = "https://s3.amazonaws.com", minio.BucketLookupAuto
		if region != "" {
			endpoint = "https://s3." + region + ".amazonaws.com"
		}
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" || u.User != nil {
		return nil, wrong("AWS_ENDPOINT_URL: allowed is an address without a path or a user, such as https://minio.example.com:9000")
	}
	chain := []credentials.Provider{&credentials.Static{Value: credentials.Value{
		AccessKeyID: env("AWS_ACCESS_KEY_ID"), SecretAccessKey: env("AWS_SECRET_ACCESS_KEY"), SessionToken: env("AWS_SESSION_TOKEN"), SignerType: credentials.SignatureV4,
	}}, &credentials.FileAWSCredentials{Profile: env("AWS_PROFILE")}}
	if env("AWS_EC2_METADATA_DISABLED") != "true" {
		chain = append(chain, &credentials.IAM{Client: &http.Client{Timeout: 5 * time.Second}})
	}
	transport, err := minio.DefaultTransport(u.Scheme == "https")
	if err == nil && env("AWS_CA_BUNDLE") != "" && transport.TLSClientConfig != nil { // nil where the endpoint is plain http
		transport.TLSClientConfig.RootCAs, err = readCAs(env("AWS_CA_BUNDLE"))
	}
	if err != nil {
		return nil, wrong("%s: %v", to, err)
	}
	client, err := minio.New(u.Host, &minio.Options{Creds: credentials.NewChainCredentials(chain), Secure: u.Scheme == "https", Transport: transport, Region: region, BucketLookup: lookup})
	if err == nil {
		err = s3utils.CheckValidBucketName(name)
	}
	if err != nil {
		return nil, wrong("%s: %v", to, err)
	}
	b := &bucket{client: client, core: minio.Core{Client: client}, name: name, prefix: strings.Trim(prefix, "/"), from: u.Host, piece: sendBytes}
	if b.prefix != "" {
		b.prefix += "/"
	}
	return b, nil
}

// readCAs reads the certificates of a server that no public authority vouches for.
func readCAs(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("AWS_CA_BUNDLE: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("AWS_CA_BUNDLE: %s holds no certificate in PEM", path)
	}
	return pool, nil
}

func (b *bucket) String() string         { return "s3://" + strings.TrimSuffix(b.name+"/"+b.prefix, "/") }
func (b *bucket) Scratch() string        { return os.TempDir() }
func (b *bucket) key(name string) string { return b.prefix + name }

// get fetches a whole object and its mark.
func (b *bucket) get(ctx context.Context, name string) (text []byte, mark string, err error) {
	for range tries {
		r, info, _, asking := b.core.GetObject(ctx, b.name, b.key(name), minio.GetObjectOptions{})
		if asking != nil {
			return nil, "", b.explain("read "+name, asking)
		}
		text, err = io.ReadAll(r)
		r.Close()
		if err == nil {
			return text, info.ETag, nil
		}
	}
	return nil, "", b.explain("read "+name, err)
}

func (b *bucket) ReadManifest(ctx context.Context) ([]byte, string, error) {
	return b.get(ctx, manifestName)
}

func (b *bucket) HasParts(ctx context.Context) (bool, error) {
	listing, cancel := context.WithCancel(ctx)
	defer cancel()
	for x := range b.client.ListObjects(listing, b.name, minio.ListObjectsOptions{Prefix: b.key(channelKey), Recursive: true, MaxKeys: 1}) {
		return x.Err == nil, b.explain("look for files", x.Err)
	}
	return false, ctx.Err()
}

func (b *bucket) WriteManifest(ctx context.Context, text []byte, mark string) error {
	err := b.replace(ctx, manifestName, text, mark)
	if err != nil && !isTaken(err) {
		return err
	}
	// An answer that was lost is asked for again, and then what was written is in its own way: what is there tells.
	there, _, err := b.get(ctx, manifestName)
	if err == nil && !bytes.Equal(there, text) {
		err = &kindError{kind: ErrInUse, text: fmt.Sprintf("the manifest of the archive %s was changed by another run; archive again: what is there is not sent again", b)}
	}
	return err
}

// replace writes a small object where the one that is there has the mark; "" is none. The server compares, in one step with the write.
func (b *bucket) replace(ctx context.Context, name string, text []byte, mark string) error {
	opts := minio.PutObjectOptions{ContentType: "application/json", SendContentMd5: true, DisableMultipart: true}
	if mark == "" {
		opts.SetMatchETagExcept("*")
	} else {
		opts.SetMatchETag(mark)
	}
	_, err := b.client.PutObject(ctx, b.name, b.key(name), bytes.NewReader(text), int64(len(text)), opts)
	return b.explain("write "+name, err)
}

func (b *bucket) Put(ctx context.Context, name string, s *Scratch) (sent bool, err error) {
	f, err := os.Open(s.Path)
	if err != nil {
		return false, fmt.Errorf("send %s: %w", name, err)
	}
	defer os.Remove(s.Path)
	defer f.Close()
	tag, err := entityTag(f, s.Bytes, b.piece)
	if err != nil {
		return false, fmt.Errorf("send %s: %w", name, err)
	}
	switch same, err := b.same(ctx, name, s, tag); {
	case err != nil && !isMissing(err):
		return false, err
	case same:
		return false, nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return false, fmt.Errorf("send %s: %w", name, err)
	}
	if s.Bytes > b.piece { // what a killed run left of its upload costs room and is of no use
		if err := b.explain("send "+name, b.client.RemoveIncompleteUpload(ctx, b.name, b.key(name))); err != nil && !isMissing(err) {
			return false, err
		}
	}
	_, err = b.client.PutObject(ctx, b.name, b.key(name), f, s.Bytes, minio.PutObjectOptions{
		ContentType: "application/vnd.apache.parquet", SendContentMd5: true, PartSize: uint64(b.piece), NumThreads: 2,
	})
	if err != nil {
		return false, b.explain("send "+name, err)
	}
	same, err := b.same(ctx, name, s, tag)
	if err == nil && !same {
		err = &DamageError{Place: b.String(), File: name, Text: "the server holds other bytes than it was sent"}
	}
	return err == nil, err
}

// same says whether an object has the scratch file's bytes. Mostly the server's tag tells; where it is made otherwise, as with some kinds of encryption, the bytes are
// read back.
func (b *bucket) same(ctx context.Context, name string, s *Scratch, tag string) (bool, error) {
	info, err := b.client.StatObject(ctx, b.name, b.key(name), minio.StatObjectOptions{})
	if err != nil {
		return false, b.explain("look for "+name, err)
	}
	if info.Size != s.Bytes {
		return false, nil
	}
	if info.ETag == tag {
		return true, nil
	}
	r, _, _, err := b.core.GetObject(ctx, b.name, b.key(name), minio.GetObjectOptions{})
	if err != nil {
		return false, b.explain("read back "+name, err)
	}
	defer r.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		return false, b.explain("read back "+name, err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil)) == s.SHA256, nil
}

// entityTag is what a server calls the bytes of a file that is sent in pieces.
func entityTag(f io.Reader, size, piece int64) (string, error) {
	whole, pieces := md5.New(), 0
	if size <= piece {
		_, err := io.Copy(whole, f)
		return fmt.Sprintf("%x", whole.Sum(nil)), err
	}
	for left := size; left > 0; left -= piece {
		sum := md5.New()
		if _, err := io.CopyN(sum, f, min(left, piece)); err != nil {
			return "", err
		}
		whole.Write(sum.Sum(nil))
		pieces++
	}
	return fmt.Sprintf("%x-%d", whole.Sum(nil), pieces), nil
}

// tries is how often a read is begun again where the connection broke in the middle.
const tries = 3

func (b *bucket) Read(ctx context.Context, name string, offset int64, into []byte) error {
	if len(into) == 0 {
		return nil
	}
	var opts minio.GetObjectOptions
	if err := opts.SetRange(offset, offset+int64(len(into))-1); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	var err error
	for range tries {
		r, info, _, asking := b.core.GetObject(ctx, b.name, b.key(name), opts)
		if err = asking; err == nil {
			_, err = io.ReadFull(r, into)
			r.Close()
		} else if minio.ToErrorResponse(err).Code != "InvalidRange" {
			break
		}
		if asking != nil || info.Size >= 0 && info.Size < int64(len(into)) { // the server has no more; else the connection broke
			return &DamageError{Place: b.String(), File: name, Text: "it is shorter than the manifest says"}
		}
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	return b.explain("read "+name, err)
}

// parent is where the prefix lies, for people.
func (b *bucket) parent() string { return path.Join(b.from, b.name) }
