s/\[[0-9]+\]//g
s/process [0-9]+/process N/g
