package payload

import "bytes"

// keyStack finds keys that stand twice in one object or map. Objects nest, so their keys lie on one stack.
type keyStack struct {
	list [][]byte
}

// keySet is the keys of one open object.
type keySet struct {
	start int
	many  map[string]struct{} // once there are more than fewKeys
}

// fewKeys are faster compared one by one than hashed.
const fewKeys = 16

// open starts an object.
func (k *keyStack) open() keySet { return keySet{start: len(k.list)} }

// close ends the object that was opened last.
func (k *keyStack) close(set keySet) { k.list = k.list[:set.start] }

// forget lets go of all keys.
func (k *keyStack) forget() {
	if cap(k.list) > 8*fewKeys {
		k.list = nil
	}
	clear(k.list[:cap(k.list)])
	k.list = k.list[:0]
}

// add takes a key of the object that was opened last. It is false where the object has the key already.
func (k *keyStack) add(set *keySet, key []byte) bool {
	if set.many == nil {
		own := k.list[set.start:]
		for _, other := range own {
			if bytes.Equal(other, key) {
				return false
			}
		}
		k.list = append(k.list, key)
		if len(own) < fewKeys {
			return true
		}
		set.many = make(map[string]struct{}, 4*fewKeys)
		for _, other := range own {
			set.many[string(other)] = struct{}{}
		}
	}
	before := len(set.many)
	set.many[string(key)] = struct{}{}
	return len(set.many) > before
}
