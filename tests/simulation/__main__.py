import sys, time, traceback
from tests.simulation.functions import copy, install
folder = copy()
install(folder)
from tests.simulation.history import product, run
p = product(folder)
first, n = int(sys.argv[1]), int(sys.argv[2])
t=time.time()
from collections import Counter
c=Counter(); v=Counter(); ex={}
for seed in range(first, first+n):
    try:
        h = run(p, seed)
    except Exception:
        print("seed", seed); traceback.print_exc(); break
    c+=h.counts
    for x in h.violations:
        v[x.name]+=1
        if x.name not in ex or len(h.story)<ex[x.name][1]: ex[x.name]=(seed,len(h.story))
    if n==1: print(h.story)
dt=time.time()-t
print(n/dt,"per second")
for k in sorted(c): print(c[k],k)
for k,m in v.most_common(): print(m,k,ex[k])
