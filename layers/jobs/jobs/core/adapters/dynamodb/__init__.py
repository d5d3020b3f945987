"""The job, counter, registry, mission and session tables.

    table     PK                        SK                 item
    jobs      <tenant>#<dialect>        <job id>           header: status, times, small bodies
              <tenant>#<dialect>        <job id>#request   a large request
              <tenant>#<dialect>        <job id>#result#…  a large result; the header names the
                                                           valid one
              <tenant>#<dialect>#<n>    …                  the same, of jobs in shard n
              <tenant>#<dialect>#keys   <key>              the first job of an Idempotency-Key
              <tenant>#<dialect>#slots  slots              slots that jobs have taken
              <tenant>#<dialect>#slots  job#<job id>       a job that waits for a slot
              <tenant>#<dialect>#slots#<n> …               the same, of slots in group n
    counters  <tenant>#<dialect>        live               numbers of live jobs by status, and how
                                                           many shards were ever used
              <tenant>#<dialect>        <epoch seconds>    numbers of ended jobs by time of expiry
              <tenant>#<dialect>#<n>    …                  the same, of jobs in shard n
              <tenant>#<dialect>#<id>   counted            the counted state of a job
    registry  TENANT#<tenant>           AGENT#<agent id>   agent
              TENANT#<tenant>           GROUP#<group id>   device group
              TENANT#<tenant>           DEVICE#<device id> device, with the id of its group
              TENANT#<tenant>           PLAN#<mission id>  plan of a mission
              TENANT#<tenant>           PROJECT#<id>       documentation project
              TENANT#<tenant>           LIMITS             limits of the tenant
              GROUP#<group id>          GROUP              owner of a device group
              DEVICE#<device id>        DEVICE             owner of a device
              KEY#<key id>              KEY                hash, name and last use of an API key
              TENANTS                   <tenant>           tenant
              CLIENT#<client id>        CLIENT             client of a partner
    missions  DEVICE#<device id>        STATE              reading and lease of a device
              LIMIT#<owner>#<name>      WINDOW             current window of a rate limit
              SHARE#<share id>          SHARE              share, with its number of viewers
              TENANT#<tenant>           SHARE#<share id>   share, for lists
              TRACK#<job id>            <epoch ms>         where the drone of a mission was
              WATCH#<tenant>#<resource> SHARE#<share id>   share, for notifications
              WATCH#<tenant>#<resource> CONN#<id>          WebSocket connection; a resource is
                                                           JOB#<job id> or GROUP#<group id>
    sessions  <tenant>                  <session id>       chat session
              <tenant>#<session id>     USER#<epoch ms>#…  message of the user; ends with the job id
              <tenant>#<session id>     AGENT#<epoch ms>#… answer of the agent

Indexes of the job table, each over headers:
- `by_status`: `<tenant>#<dialect>#<status>`, in order of id; in shard n
  `<tenant>#<dialect>#<n>#<status>`.
- `by_project`: docs jobs without follow-ups, by `<tenant>#docs#<project>`, in order of id. `latest`
  of a root is its last follow-up.
- `waiting`: missions that wait for a device, by `<tenant>#missions#<group id>`, highest priority
  first, then oldest; and messages that workers may claim, by `<tenant>#worker#<agent id>`, in order
  of the time from which they may.

Index `by_tenant` of the registry: items with `tenant`, such as keys and clients, in order of PK.

Job ids are UUIDv7: order of id is order of creation. Where tenants have several shards, ids of new
jobs are UUIDv8 of the same layout: the digit after the version is the shard. Ids of groups and
devices are unique over all tenants, because topics and AWS IoT things are named after them.
"""
