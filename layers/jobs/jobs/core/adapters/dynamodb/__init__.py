"""The job, counter, registry, mission and session tables.

    table     PK                       SK                 what
    jobs      <tenant>#<dialect>       <job id>           header: status, times, fence; small bodies
              <tenant>#<dialect>       <job id>#request   the request, when it is large
              <tenant>#<dialect>       <job id>#result#…  a result, when it is large; the header
                                                          names the one that counts
              <tenant>#<dialect>#keys  <the key>          the first job of an Idempotency-Key
    counters  <tenant>#<dialect>       live               jobs that are not over, by status
              <tenant>#<dialect>       <epoch seconds>    ended jobs, by the moment they leave
              <tenant>#<dialect>#<id>  counted            what of this job has been counted
    registry  TENANT#<tenant>          AGENT#<agent id>   an agent
              TENANT#<tenant>          GROUP#<group id>   a device group
              TENANT#<tenant>          DEVICE#<device id> a device, and its group's id
              TENANT#<tenant>          PLAN#<mission id>  a mission to fly
              TENANT#<tenant>          PROJECT#<id>       a documentation project
              GROUP#<group id>         GROUP              whose group this is
              DEVICE#<device id>       DEVICE             whose device this is
              KEY#<key id>             KEY                an API key's hash
              CLIENT#<client id>       CLIENT             a partner's program
    missions  DEVICE#<device id>       STATE              what a device does, and who has it
              LIMIT#<owner>#<name>     WINDOW             a rate limit's open window
              SHARE#<share id>         SHARE              a share, and how many watch by it
              TENANT#<tenant>          SHARE#<share id>   the same, for lists
              WATCH#<tenant>#<what>    SHARE#<share id>   the same, with what it lets watch
              WATCH#<tenant>#<what>    CONN#<id>          a WebSocket connection; what it watches
                                                          is JOB#<job id> or GROUP#<group id>
    sessions  <tenant>                 <session id>       a chat session
              <tenant>#<session id>    USER#<epoch ms>#…  what its user has said; the job's id ends
                                                          the key
              <tenant>#<session id>    AGENT#<epoch ms>#… what the agent has answered

Index `by_project`: documentation agents' jobs, but no follow-ups, by `<tenant>#docs#<project>`, in
order of id. A root's `latest` is its last follow-up.
Index `by_status` of the job table: headers by `<tenant>#<dialect>#<status>`, in order of id.
Index `waiting`: headers of missions that wait for a device, by `<tenant>#missions#<group id>`,
highest priority first, then oldest.
Job ids are UUIDv7, so order of id is order of creation. Groups and devices have ids that are
unique over all tenants: topics and AWS IoT things are named after them.
"""
