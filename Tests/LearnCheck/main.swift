import LatheLearn
print("x")
