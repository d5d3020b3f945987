from tests.unit.core.test_early_messages import EarlyMessages
def test_it():
    s=EarlyMessages()
    s.begin(limit=1)
    for _ in range(4): s.create(dies_at=0, fault=None, key=None)
    for _ in range(11): s.wait_for_lease_to_end()
    s.dispatch(dies_at=0, which=0); s.dispatch(dies_at=0, which=0)
    for _ in range(2): s.create(dies_at=0, fault=None, key=None)
    s.work(dies=False, which=0)
    s.dispatch(dies_at=4, which=4)
    print([(j.id,j.status,s.clock()-j.deadline) for j in s.repository.all()], s.messages, s.stream)
    s.teardown()
