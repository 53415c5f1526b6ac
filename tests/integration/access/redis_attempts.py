"""What whoever has taken a process tries in Redis, as words that Redis would understand."""


def _each(listed: str) -> tuple[str, ...]:
    return tuple(" ".join(words.split()) for words in listed.split(";"))


# Each tells something of the key {key}, which is another's; {own} is the taken process's own.
LOOKS = _each("""
    GET {key}; GETRANGE {key} 0 9; STRLEN {key}; MGET {own} {key}; EXISTS {key}; TYPE {key}; TTL {key}; DUMP
    {key}; TOUCH {key}; OBJECT ENCODING {key}; MEMORY USAGE {key}; HGETALL {key}; HGET {key} failures; HMGET
    {key} failures; LRANGE {key} 0 -1; LLEN {key}; SMEMBERS {key}; ZRANGE {key} 0 -1; ZCARD {key}; XRANGE {key}
    - +; SORT_RO {key}; LCS {key} {own}; BITCOUNT {key}; WATCH {key}; COPY {key} {own}; BITOP NOT {own} {key};
    PFCOUNT {key}; ZUNIONSTORE {own} 1 {key}; SUNIONSTORE {own} {key}; LMOVE {key} {own} LEFT LEFT; BLPOP {key}
    0.01; SORT {own} BY nosort GET {key}; EVAL return(redis.call('get',KEYS[1])) 1 {key}; EVAL
    return(redis.call('get',ARGV[1])) 0 {key}; EVAL_RO return(1) 1 {key}; SUBSCRIBE __keyspace@0__:{key};
    PSUBSCRIBE *; CLIENT TRACKING ON BCAST PREFIX {key}
""")

# Each changes what stands under {key}.
CHANGES = _each("""
    SET {key} 1; SET {key} 1 GET; SETNX {key} 1; SETEX {key} 9 1; MSET {own} 1 {key} 1; GETSET {key} 1; GETDEL
    {key}; GETEX {key} EX 1; APPEND {key} x; SETRANGE {key} 0 x; INCR {key}; DEL {key}; DEL {own} {key}; UNLINK
    {key}; EXPIRE {key} 1; PERSIST {key}; RENAME {key} {own}; RENAME {own} {key}; COPY {own} {key} REPLACE; MOVE
    {key} 1; HSET {key} failures 99; HINCRBY {key} failures 99; HDEL {key} failures; LPUSH {key} x; RPUSH {key}
    x; LTRIM {key} 1 0; LPOP {key}; SADD {key} x; ZADD {key} 9 99999999999999999999; ZREMRANGEBYRANK {key} 0 -1;
    XADD {key} * a b; PFADD {key} x; PFMERGE {key} {own}; BITFIELD {key} SET u8 0 1; ZRANGESTORE {key} {own} 0
    -1; RESTORE {key} 0 x REPLACE; SORT {own} STORE {key}; MIGRATE 127.0.0.1 1 {key} 0 9; GEOADD {key} 1 1 x;
    EVAL return(redis.call('del',KEYS[1])) 1 {key}; EVAL return(redis.call('del',ARGV[1])) 0 {key}
""")

# Each names no key: it would look around, take over, or end the server.
SWEEPING = _each("""
    KEYS *; SCAN 0; RANDOMKEY; DBSIZE; FLUSHALL; FLUSHDB; SWAPDB 0 1; CONFIG GET *; CONFIG SET requirepass x;
    CONFIG REWRITE; CONFIG RESETSTAT; ACL LIST; ACL USERS; ACL GETUSER default; ACL SETUSER {user} allkeys; ACL
    DELUSER default; ACL LOG; ACL DRYRUN default GET x; ACL SAVE; ACL LOAD; SCRIPT LOAD return(1); SCRIPT FLUSH;
    SCRIPT KILL; SCRIPT EXISTS x; EVAL return(1) 0; EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0; FUNCTION
    LIST; FUNCTION FLUSH; FUNCTION LOAD x; FCALL f 0; MODULE LIST; MODULE LOAD /x; MONITOR; DEBUG SLEEP 0;
    SLOWLOG GET; LATENCY LATEST; SAVE; BGSAVE; BGREWRITEAOF; SHUTDOWN; REPLICAOF NO ONE; PSYNC ? -1; SYNC;
    FAILOVER; CLUSTER INFO; CLIENT LIST; CLIENT KILL TYPE normal; CLIENT PAUSE 1; CLIENT UNPAUSE; CLIENT
    TRACKING ON BCAST; PUBLISH other:channel x; SUBSCRIBE other:channel; PSUBSCRIBE *; SPUBLISH other:channel x;
    MEMORY STATS; MEMORY PURGE; MEMORY DOCTOR; LASTSAVE; CLIENT NO-EVICT ON; LATENCY RESET; LATENCY HISTOGRAM;
    DEBUG JMAP; CONFIG HELP; ACL GENPASS; EVAL while(true)do(end)end 0; FUNCTION DUMP; FUNCTION RESTORE x;
    FUNCTION KILL; CLIENT UNBLOCK 1; CLIENT CACHING YES; SSUBSCRIBE other:channel
""")

# What portals may not besides: they neither send jobs nor hear of them.
OF_PORTALS = _each("""
    PUBLISH rq:pubsub:worker stop; SUBSCRIBE rq:pubsub:worker; LPUSH rq:queue:archive x; SADD rq:queues x; HSET
    rq:job:9 data x; LRANGE bell 0 -1; BLPOP bell 0.01
""")
